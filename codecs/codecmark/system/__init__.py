"""What the machine gives: threads, processes, the host, digests, Markdown, plotting."""
