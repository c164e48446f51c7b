"""What writes the parts of docs that show real runs."""
