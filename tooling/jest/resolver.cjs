// TypeScript sources name each other by the file that the compiler makes of them: './record.js' is
// record.ts. Only relative names that have no file of their own are looked up in that way.
module.exports = function resolve(request, options) {
  if (!request.startsWith('.') || !request.endsWith('.js')) {
    return options.defaultResolver(request, options);
  }
  try {
    return options.defaultResolver(request, options);
  } catch (error) {
    try {
      return options.defaultResolver(request.replace(/\.js$/, '.ts'), options);
    } catch {
      throw error;
    }
  }
};
