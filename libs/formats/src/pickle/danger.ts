/**
 * @file Names that no weights file needs and that reach the interpreter, the operating system or the network.
 * Nothing named in a pickle is ever called here; a file that names these is refused all the same, because it was made to
 * run code on somebody's machine, and nobody should pass it on.
 */

/** Modules of Python's standard library, by their first name, that give access to code, files, processes or the network. */
const modules = new Set(
  `os posix nt posixpath ntpath sys subprocess _posixsubprocess pty tty termios fcntl resource signal _signal mmap
  socket _socket socketserver ssl _ssl select selectors asyncio _asyncio http urllib urllib2 urllib3 httplib ftplib smtplib
  poplib imaplib nntplib telnetlib xmlrpc xmlrpclib webbrowser wsgiref cgi requests httpx aiohttp paramiko
  shutil tempfile io _io fileinput glob fnmatch linecache zipfile tarfile sqlite3 _sqlite3 dbm shelve
  importlib _frozen_importlib _frozen_importlib_external imp _imp pkgutil zipimport runpy site sysconfig
  code codeop types inspect dis ast symtable marshal gc atexit weakref _weakref abc _abc
  pickle _pickle cPickle pickletools dill cloudpickle joblib jsonpickle yaml
  ctypes _ctypes cffi multiprocessing _multiprocessing concurrent threading _thread thread queue sched
  pip setuptools distutils ensurepip venv idlelib lib2to3 pydoc pydoc_data pdb bdb cmd profile cProfile _lsprof timeit trace
  tracemalloc faulthandler doctest unittest test pytest antigravity this rlcompleter readline
  operator _operator functools _functools itertools logging warnings platform getpass commands popen2 pwd grp
  winreg _winreg _winapi msvcrt _osx_support`
    .trim()
    .split(/\s+/),
);

/** What a pickle may name of `builtins`: types of plain data. */
const builtins = new Set(
  `set frozenset list dict tuple int long float bool str unicode bytes bytearray complex slice range xrange object
  NotImplemented Ellipsis`
    .trim()
    .split(/\s+/),
);

/**
 * Whether naming this is reason enough to refuse a file. Dotted names reach attributes of modules that the named module
 * imports, so every part of them counts.
 */
export function isDangerous(module: string, name: string): boolean {
  if (module === "builtins" || module === "__builtin__") return !builtins.has(name);
  const parts = name.split(".");
  const first = module.split(".")[0] ?? module;
  const outer = parts.slice(0, -1);
  return modules.has(first) || outer.some((part) => modules.has(part) || part === "builtins") || parts.some(isDunder);
}

/** A name such as __globals__ or __subclasses__: the way from any object to the interpreter. */
function isDunder(part: string): boolean {
  return /^__\w+__$/.test(part) && part !== "__newobj__" && part !== "__newobj_ex__";
}

/** Whether Python's conventions make this a class: its own name begins with a capital letter. */
export function isClassName(name: string): boolean {
  return /^_*[A-Z]/.test(name.split(".").at(-1) ?? name);
}
