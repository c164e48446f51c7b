"""Keeps the sessions of a stack alive: has Pulumi renew and recreate them when that is due, and does nothing else."""
