bkend-server serve data --port 8420 > server.log 2>&1 & SERVER=$!
while kill -0 $SERVER && ! grep -qs listening server.log; do sleep 0.1; done
echo "correct horse 1" | groceries sign-up ada@example.com
# signed in as ada@example.com
