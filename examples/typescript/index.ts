import * as pulumi from "@pulumi/pulumi";
import * as quant from "@pulumi/quant-sessions";

const config = new pulumi.Config();

const desk = new quant.Session("desk", {
    userId: "support-desk",
    sessionGroup: "shop",
    expirationMinutes: config.requireNumber("minutes"),
    // A run extends the session if this many minutes or less are left.
    renewBeforeMinutes: 30,
    messages: [
        {
            role: "system",
            content: "You answer customers of an online shop. Be short and kind; hand refunds to a person.",
        },
    ],
});

const team = new quant.SessionGroup("team", {
    userIds: config.requireObject<Record<string, string>>("agents"),
    sessionGroup: "agents",
    expirationMinutes: 480,
});

export const sessionId = desk.id;
export const expiresAt = desk.grantedExpiresAt;
export const agentSessions = team.sessionIds;
