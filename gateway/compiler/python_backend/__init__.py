"""The back end that writes Python: a function for each shape of a program."""
