"""What both hosts tell the engine: lines in its log, and what a failed call left behind."""
