"""WeChat over HTTP: the hall's account as a client of WeChat's service, and what it is told and asked."""
