/// The version of this package. The commands' `--version`, the tarball, the Debian package and the manual pages have it from
/// here.
package enum PackageVersion {
    package static let current = "0.1.0"
}
