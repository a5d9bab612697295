"""The reservation platform: pages and API for the phones of customers, whom WeChat names."""
