"""What the provider costs, beside Pulumi's own floor and QuantCDN's own client: ``make bench``."""
