"""What the Makefile runs: set-up, the demo, the tests. Not part of the package that users install."""
