"""The operations: one function for each action of a client or of the clock.

An operation takes the context (the request's unit of work, the experiment and the caller) and plain values,
and returns the response. It never commits: `services.App.run` does, and retries the operation from the start
when another request has won the race.
"""
