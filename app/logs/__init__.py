"""The application log, files of lines, and what no log may hold."""
