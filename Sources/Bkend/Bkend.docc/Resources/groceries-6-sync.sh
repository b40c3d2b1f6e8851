groceries sync
# idle: 0 waiting, 0 rejected
groceries
# [x] Bread, synced
# [ ] Oat milk, synced
