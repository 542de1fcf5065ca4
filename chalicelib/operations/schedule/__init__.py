"""What runs later: timers, ticks, the outbox, dead letters, the tick schedule's state."""
