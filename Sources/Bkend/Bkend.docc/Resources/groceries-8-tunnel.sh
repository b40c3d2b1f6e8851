kill $SERVER
wait $SERVER
groceries add Salt
# added Salt
groceries sync
# offline: 1 waiting, 0 rejected
groceries
# [x] Bread, synced
# [ ] Oat milk, synced
# [ ] Salt, pending
