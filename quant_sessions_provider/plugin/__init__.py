"""Host 2: the provider plugin ``pulumi-resource-quant-sessions``, for programs in every language of Pulumi."""
