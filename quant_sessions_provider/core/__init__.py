"""Pure decisions and words: the standard library only, no clock, no environment."""
