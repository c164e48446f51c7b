"""What a release needs: what is built, installed, listed and checked before its tag."""
