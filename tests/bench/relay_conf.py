"""Gunicorn's settings for the relay: what Rialto's own settings say of the server, and nothing else."""

from gevent import monkey

monkey.patch_all()

worker_connections = 1000
timeout = 120
keepalive = 20
accesslog = None
control_socket_disable = True
