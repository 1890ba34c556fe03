"""How people reach a running show. Nothing here touches it: clients read snapshots and submit commands."""
