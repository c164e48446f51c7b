package main

import (
	"github.com/quantcdn/pulumi-quant-sessions/sdk/go/quantsessions"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		cfg := config.New(ctx, "")
		var agents map[string]string
		cfg.RequireObject("agents", &agents)

		desk, err := quantsessions.NewSession(ctx, "desk", &quantsessions.SessionArgs{
			UserId:            pulumi.String("support-desk"),
			SessionGroup:      pulumi.String("shop"),
			ExpirationMinutes: pulumi.Int(cfg.RequireInt("minutes")),
			// A run extends the session if this many minutes or less are left.
			RenewBeforeMinutes: pulumi.Int(30),
			Messages: quantsessions.MessageArray{
				quantsessions.MessageArgs{
					Role:    quantsessions.RoleSystem,
					Content: pulumi.String("You answer customers of an online shop. Be short and kind; hand refunds to a person."),
				},
			},
		})
		if err != nil {
			return err
		}

		team, err := quantsessions.NewSessionGroup(ctx, "team", &quantsessions.SessionGroupArgs{
			UserIds:           pulumi.ToStringMap(agents),
			SessionGroup:      pulumi.String("agents"),
			ExpirationMinutes: pulumi.Int(480),
		})
		if err != nil {
			return err
		}

		ctx.Export("sessionId", desk.ID())
		ctx.Export("expiresAt", desk.GrantedExpiresAt)
		ctx.Export("agentSessions", team.SessionIds)
		return nil
	})
}
