"""One session for each client of an agency, each in its own group, so that each group can be audited separately."""

import pulumi

from quant_sessions_provider import ListedSession, Session, list_sessions_output

config = pulumi.Config()
clients: dict[str, dict[str, str]] = config.require_object("clients")
minutes = config.require_int("minutes")


def active(desk: Session, group: str) -> pulumi.Output[int]:
    """Return the number of active sessions in a group, sessions created by others included, once its desk exists."""
    listed: pulumi.Output[list[ListedSession]] = desk.id.apply(lambda _: list_sessions_output(session_group=group))
    # The list is secret, because titles are. Its length is not.
    return pulumi.Output.unsecret(listed.apply(len))


desks = {
    client: Session(
        client,
        user_id=terms["user"],
        session_group=terms["group"],
        expiration_minutes=minutes,
        renew_before_minutes=minutes // 2,
        messages=[{"role": "system", "content": f"You answer customers of the {client}, and of nobody else."}],
        metadata={"client": client, "contract": terms["contract"]},
    )
    for client, terms in clients.items()
}

pulumi.export("session_ids", {client: desk.id for client, desk in desks.items()})
pulumi.export("active", {client: active(desk, clients[client]["group"]) for client, desk in desks.items()})
