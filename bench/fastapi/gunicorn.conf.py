"""gunicorn for the peer. The number of workers comes from WEB_CONCURRENCY, which gunicorn reads itself."""

import os

bind = f"127.0.0.1:{os.environ['PORT']}"
worker_class = "uvicorn_worker.UvicornWorker"  # uvloop and httptools, as uvicorn[standard] installs them
keepalive = 30
timeout = 60
graceful_timeout = 5
loglevel = "warning"
