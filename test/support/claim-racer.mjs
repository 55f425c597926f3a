/**
 * A process of its own that races for locks: `<module> <export>` name the function of the built program that takes
 * a path and takes its lock or throws. Each message is a path; the answer says whether this process has it.
 */
const [, , module, name] = process.argv
const take = (await import(module))[name]
process.on('message', async (path) => {
  try {
    await take(path)
    process.send({ path, won: true })
  } catch (error) {
    process.send({ path, won: false, message: String(error.message) })
  }
})
process.send('ready')
