"""What ``quant-sessions doctor`` looks at: this machine, the settings, the vendor's hosts, the API's behaviour."""
