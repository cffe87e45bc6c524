console.log('No demo yet.');
