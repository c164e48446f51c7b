"""The commands of ``quant-sessions``, one module each: they read, write and end; what they say is decided elsewhere."""
