"""The oracle: generated documents and queries, asked of our server and of two independent MongoDB look-alikes."""
