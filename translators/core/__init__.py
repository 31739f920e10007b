"""The vocabulary, the state machine and the rules that every protocol and vendor shares."""
