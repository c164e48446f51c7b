module support-desk

go 1.24

require (
	github.com/quantcdn/pulumi-quant-sessions/sdk/go v0.0.0
	github.com/pulumi/pulumi/sdk/v3 v3.187.0
)

replace github.com/quantcdn/pulumi-quant-sessions/sdk/go => ./sdks/go
