"""What ``quant-sessions doctor`` checks: this machine, the settings, the vendor's hosts, how the API behaves."""
