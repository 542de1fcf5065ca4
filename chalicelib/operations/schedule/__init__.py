"""What runs later: timers, ticks, the outbox, dead letters, the state of the tick schedule."""
