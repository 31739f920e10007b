"""The engine: a program of its own that answers the dashboard's questions about the log files.

DuckDB holds up gevent while it works, and needs 60 MB of memory for as long as it is loaded. Here it takes nothing from
the streams of a server: `app/dashboard/reader.py` starts the program at the first look, and it ends some minutes after
the last. It imports nothing of Rialto (`PYTHONPATH` is the folder above, its name is `engine`), because all of Rialto
would take longer to load than the first answer.

    __main__.py   questions in, answers out; what is left of the time goes to reading
    files.py      the log files, their parts, the lines in them
    index.py      what has been read: a Parquet file for each part of a log file, and the last lines in memory
    columns.py    the fields of the files, and what is measured over many exchanges
    views.py      the answers: the overview and the tables
    selection.py  which exchanges are meant
"""
