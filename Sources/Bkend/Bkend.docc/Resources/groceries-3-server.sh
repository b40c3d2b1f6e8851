bkend-server init data > keys.json
bkend-server apply data tables.json
export KEY=$(sed 's/.*"publishableKey": *"\([^"]*\)".*/\1/' keys.json)
