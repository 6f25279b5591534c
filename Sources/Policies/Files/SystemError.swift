internal import Glibc

/// The text of an error number.
enum SystemError {
    /// The text of `strerror(3)` for `code`, in lower case: `no such file or directory`.
    static func text(_ code: Int32) -> String {
        let text = unsafe String(cString: strerror(code))
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
