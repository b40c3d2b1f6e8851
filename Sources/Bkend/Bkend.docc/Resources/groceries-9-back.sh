rm -f server.log
bkend-server serve data --port 8420 > server.log 2>&1 & SERVER=$!
while kill -0 $SERVER && ! grep -qs listening server.log; do sleep 0.1; done
groceries sync
# idle: 0 waiting, 0 rejected
DEVICE=laptop groceries sync
# idle: 0 waiting, 0 rejected
DEVICE=laptop groceries
# [x] Bread, synced
# [ ] Oat milk, synced
# [ ] Salt, synced
