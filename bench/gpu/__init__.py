"""What training Qwen3-8B costs on one card: `python -m bench.gpu` (`__main__` says how)."""
