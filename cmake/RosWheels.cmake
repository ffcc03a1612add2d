# Let the ROS 2 wheels of PyPI be used from CMake. Include before find_package(ament_cmake).
# Changes nothing on a sourced ROS 2 installation.
include_guard(DIRECTORY)
set(Python3_FIND_UNVERSIONED_NAMES FIRST)
set(Python3_FIND_VIRTUALENV FIRST)

# 1. Where no sourced prefix has ament_cmake, the prefix of the Python in use is the installation.
string(REPLACE ":" ";" _ros_prefixes "$ENV{AMENT_PREFIX_PATH}")
set(_ros_index share/ament_index/resource_index/packages/ament_cmake)
find_file(_ros_sourced ${_ros_index} PATHS ${_ros_prefixes} NO_DEFAULT_PATH NO_CACHE)
if(NOT _ros_sourced)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  execute_process(COMMAND "${Python3_EXECUTABLE}" -c "import sys; print(sys.prefix)"
    OUTPUT_VARIABLE _prefix OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(EXISTS "${_prefix}/${_ros_index}")
    list(APPEND _ros_prefixes "${_prefix}")
    string(REPLACE ";" ":" _ros_prefixes "${_ros_prefixes}")
    set(ENV{AMENT_PREFIX_PATH} "${_ros_prefixes}")
    list(APPEND CMAKE_PREFIX_PATH "${_prefix}")
  endif()
endif()

# 2. The wheels' <pkg>__rosidl_generator_py targets name include directories of the machine
# that built them (/opt/python/cpXY-cpXY/...), which CMake refuses. Put those of the Python
# in use in their place, at the end of this directory's configure.
function(ros_wheels_repair_targets)
  get_directory_property(_targets IMPORTED_TARGETS)
  list(FILTER _targets INCLUDE REGEX "__rosidl_generator_py$")
  foreach(_target IN LISTS _targets)
    get_target_property(_dirs ${_target} INTERFACE_INCLUDE_DIRECTORIES)
    set(_kept "")
    foreach(_dir IN LISTS _dirs)
      if(NOT IS_ABSOLUTE "${_dir}" OR EXISTS "${_dir}")
        list(APPEND _kept "${_dir}")
      endif()
    endforeach()
    if(NOT "${_kept}" STREQUAL "${_dirs}")
      list(APPEND _kept ${Python3_INCLUDE_DIRS} ${Python3_NumPy_INCLUDE_DIRS})
      set_target_properties(${_target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${_kept}")
    endif()
  endforeach()
endfunction()
cmake_language(DEFER CALL ros_wheels_repair_targets)

# 3. A virtual environment inside this source tree (.venv) puts NumPy's headers there too, and
# CMake refuses to export such a path. Only the build needs it.
function(ros_wheels_hide_build_paths)
  set(_target ${PROJECT_NAME}__rosidl_generator_py)
  if(TARGET ${_target})
    get_target_property(_dirs ${_target} INTERFACE_INCLUDE_DIRECTORIES)
    list(TRANSFORM _dirs REPLACE "^(${CMAKE_SOURCE_DIR}/.*)$" "$<BUILD_INTERFACE:\\1>")
    set_target_properties(${_target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${_dirs}")
  endif()
endfunction()
cmake_language(DEFER CALL ros_wheels_hide_build_paths)
