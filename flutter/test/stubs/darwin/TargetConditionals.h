// Stand-in for Apple's header of this name.
#ifndef TARGETCONDITIONALS_STUB_H_
#define TARGETCONDITIONALS_STUB_H_

#ifdef __ENVIRONMENT_IPHONE_OS_VERSION_MIN_REQUIRED__
#define TARGET_OS_IOS 1
#define TARGET_OS_OSX 0
#else
#define TARGET_OS_IOS 0
#define TARGET_OS_OSX 1
#endif

#endif  // TARGETCONDITIONALS_STUB_H_
