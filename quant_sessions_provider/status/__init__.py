"""What lives of a stack's sessions: what its state says, what the API says, and what the next run will do."""
