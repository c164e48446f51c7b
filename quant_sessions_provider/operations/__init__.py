"""Carries out the verbs through the port; knows neither Pulumi nor HTTP."""
