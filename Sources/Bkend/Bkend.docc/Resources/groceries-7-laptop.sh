echo "correct horse 1" | DEVICE=laptop groceries sign-in ada@example.com
# signed in as ada@example.com
DEVICE=laptop groceries sync
# idle: 0 waiting, 0 rejected
DEVICE=laptop groceries
# [x] Bread, synced
# [ ] Oat milk, synced
