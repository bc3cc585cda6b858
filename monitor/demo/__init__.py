"""A day of news on loopback: the world that `tipsheet demo` and the journey tests run in.

What lives here: a newsroom that serves feeds and articles and receives webhooks, a mailroom that receives email, and
the day's texts. What must not: anything of the pipeline; to it, this package is servers at the other end of a socket.

The day is fiction around one true story. Its facts are those that The Guardian, +972 Magazine and Local Call published;
every sentence is written for this project, and every outlet but The Guardian and Reuters is invented.
"""
