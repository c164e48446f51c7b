"""Development tools run by the Makefile: setup, the demo, the tests. Not part of the installed package."""
