mkdir -p groceries/Sources/groceries
cd groceries
